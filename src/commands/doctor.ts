import { AspCommand, deviceFlag } from '../command.js'
export default class Doctor extends AspCommand {
  static override summary = 'thin'
  static override flags = { device: deviceFlag }
  async run(): Promise<unknown> {
    const { flags } = await this.parse(Doctor)
    const opened = await this.openDevice(flags.device)
    this.log(opened.adapter.driver)
    return opened.adapter
  }
}
